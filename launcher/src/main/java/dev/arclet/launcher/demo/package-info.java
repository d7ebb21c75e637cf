/** {@code arclet demo}: the samples, built, signed, published and served on this computer. */
package dev.arclet.launcher.demo;
