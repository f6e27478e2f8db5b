// Leads on to the version that is linked, and keeps what the address asks for: CSS cannot, and a meta refresh loses it.
"use strict";

const onward = document.querySelector("link[rel=canonical]");
location.replace(onward.href + location.search + location.hash);
