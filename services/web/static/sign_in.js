// A personal link: what stands behind the # goes into the form and out of the address bar. One click then signs in.

const form = document.getElementById("with-link");

function take() {
  const secret = location.hash.slice(1);
  if (!form || !secret.startsWith("kiv_")) return;
  history.replaceState(null, "", location.pathname + location.search);
  form.hidden = false;
  form.elements.link.value = secret;
  form.querySelector("button").focus();
}

take();
addEventListener("hashchange", take);
