/**
 * Machines that run, from the first fetched byte to their end; they outlive the pages that show
 * them.
 */
package dev.arclet.launcher.run;
