/** Running local, unsigned media: {@code arclet boot}. */
package dev.arclet.launcher.boot;
