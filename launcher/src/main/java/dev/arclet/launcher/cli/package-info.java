/** The {@code arclet} command line: one class a command, and nothing but argument handling. */
package dev.arclet.launcher.cli;
