package dev.arclet.format.model;

/**
 * The mode a directly booted kernel finds set; the guest may change it.
 *
 * @param width pixels, 320 to 3840
 * @param height pixels, 200 to 2160
 */
public record Display(int width, int height) {}
