// Says it on the page when a passkey was not used: the person or the device said no, or the network was away.
// allauth's script tells only the console.
const said = document.getElementById("passkey_said");

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  said.hidden = true; // a second failure is announced again
  requestAnimationFrame(() => {
    said.hidden = false;
    said.scrollIntoView({ block: "nearest" });
  });
});
