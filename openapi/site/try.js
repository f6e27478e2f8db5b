// The page on which the API is tried: sends the requests of its forms to the server that the reader names.
"use strict";

(() => {
  const target = document.querySelector("form.target");
  const server = target.querySelector("#target-server");
  const user = target.querySelector("#target-user");
  const password = target.querySelector("#target-password");

  // The server that the page comes from: the part of its address before /docs/, or all of its origin.
  const here = () => {
    const before = location.pathname.lastIndexOf("/docs/");
    return location.origin + location.pathname.slice(0, Math.max(before, 0));
  };

  const valuesOf = (field) => {
    if (field.type === "checkbox") return field.checked ? [field.value] : [];
    return field.localName === "textarea" ? field.value.split("\n").filter(Boolean) : [field.value];
  };

  const urlOf = (form) => {
    const fields = [...form.querySelectorAll("[data-place]")];
    const query = new URLSearchParams();
    let path = form.dataset.path;
    for (const field of fields) {
      for (const value of valuesOf(field)) {
        if (field.dataset.place === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(value));
        else if (value) query.append(field.name, value);
      }
    }
    return server.value.replace(/\/+$/, "") + path + (query.size ? `?${query}` : "");
  };

  const authorization = () => {
    const bytes = new TextEncoder().encode(`${user.value}:${password.value}`);
    return { Authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
  };

  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

  const curl = (method, url) =>
    ["curl", method === "GET" ? "" : `-X ${method}`, user.value ? '-u "$ACCOUNT_SID:$AUTH_TOKEN"' : "", quoted(url)]
      .filter(Boolean)
      .join(" ");

  const pretty = (text) => {
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
    }
  };

  const show = (answer, parts) => {
    for (const [name, text] of Object.entries(parts)) answer.querySelector(name).textContent = text;
    answer.hidden = false;
  };

  const send = async (form, answer) => {
    const { method } = form.dataset;
    const url = urlOf(form);
    show(answer, { ".request": curl(method, url), ".status": "Waiting ...", ".quiet": "", ".headers": "", ".body": "" });
    const start = performance.now();
    try {
      const response = await fetch(url, {
        method,
        headers: user.value ? authorization() : {},
        credentials: "omit",
        cache: "no-store",
      });
      const body = await response.text();
      show(answer, {
        ".status": `${response.status} ${response.statusText}`.trim(),
        ".quiet": `${Math.round(performance.now() - start)} ms`,
        ".headers": [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n"),
        ".body": pretty(body),
      });
    } catch {
      show(answer, {
        ".status": "No answer",
        ".quiet": "The server cannot be reached from here, or does not let other origins read its answers (CORS).",
      });
    }
  };

  // The address names the operation that is open: try.html#listBindings.
  const open = () => {
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (named?.matches("details.operation")) {
      named.open = true;
      named.scrollIntoView();
    }
  };

  if (location.protocol.startsWith("http")) server.value = here();
  document.querySelector(".without").hidden = true;
  target.hidden = false;
  target.addEventListener("submit", (event) => event.preventDefault());
  for (const operation of document.querySelectorAll("details.operation")) {
    operation.hidden = false;
    operation.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (server.reportValidity()) send(event.target, operation.querySelector(".answer"));
    });
  }
  addEventListener("hashchange", open);
  open();
})();
