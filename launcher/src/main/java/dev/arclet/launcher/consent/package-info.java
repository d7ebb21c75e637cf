/** What the user is told before a machine runs. */
package dev.arclet.launcher.consent;
