// Puts the whole link, with the fragment that never reaches the server, into the launcher's scheme and into the
// command for the terminal. A link without a fragment gets the publisher that the gallery names.
const page = document.querySelector('main.landing');
const fragment = location.hash.length > 1 ? location.hash.slice(1) : page.dataset.fragment;
const link = `${location.origin}${location.pathname}#${fragment}`;
document.getElementById('open').href = `arclet://open?u=${encodeURIComponent(link)}`;
document.getElementById('command').textContent = `./arclet open '${link}'`;
