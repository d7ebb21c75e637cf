/**
 * From a link to a page that shows a machine, without letting any other page or user of this
 * computer in between: control socket, one-time address, cookie, consent, tickets, WebSockets.
 * {@code docs/threat-model.md} lists the attacks that each check answers.
 */
package dev.arclet.launcher.session;
