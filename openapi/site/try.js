// The page on which the API is tried: Swagger UI, for a server and credentials that the reader names.
"use strict";

(() => {
  const SERVER = "{server}"; // the URL of the only server in the spec that the page has: a variable
  const spec = window.chatBindings.spec;
  const [scheme] = Object.keys(spec.components.securitySchemes);
  const form = document.querySelector("form.target");
  const server = form.querySelector("#target-server");
  const user = form.querySelector("#target-user");
  const password = form.querySelector("#target-password");
  const place = document.querySelector("#operations");

  // What the page is served by: the part of its address before /docs/, or all of its origin.
  const here = () => {
    const before = location.pathname.lastIndexOf("/docs/");
    return location.origin + location.pathname.slice(0, Math.max(before, 0));
  };

  // Only the operations: the page itself says the rest. A link inside of a button would be no link to a keyboard.
  const operationsAlone = ({ React }) => ({
    components: {
      OperationsAlone: ({ getComponent }) =>
        React.createElement(
          "div",
          { className: "swagger-ui" },
          React.createElement(getComponent("SvgAssets")),
          React.createElement(getComponent("operations", true)),
        ),
      OperationTag: ({ children }) => React.createElement("div", null, children),
      DeepLink: ({ text }) => React.createElement("span", null, text),
      authorizeOperationBtn: () => null,
      OperationServers: () => null,
    },
  });

  // What Swagger UI leaves without a name, for those who hear the page, or out of the keyboard's reach.
  const name = (element, label) => {
    if (label && element.getAttribute("aria-label") !== label) element.setAttribute("aria-label", label);
  };
  const mend = () => {
    for (const block of place.querySelectorAll(".opblock")) {
      const operation = block.querySelector(".opblock-summary-description")?.textContent;
      for (const row of block.querySelectorAll("tr[data-param-name]")) {
        row.querySelectorAll("input, select, textarea").forEach((each) => name(each, row.dataset.paramName));
        row.querySelectorAll("button").forEach((each) => name(each, `${each.textContent}: ${row.dataset.paramName}`));
      }
      for (const row of block.querySelectorAll("tr.response[data-code]")) {
        row.querySelectorAll("select").forEach((each) => name(each, `Example of ${row.dataset.code}`));
      }
      block.querySelectorAll("[role=region]").forEach((each) => name(each, `Answers of ${operation}`));
      block.querySelectorAll("pre").forEach((each) => { each.tabIndex = 0; });
      block.querySelectorAll("h4").forEach((each) => { each.ariaLevel = 2; });
      block.querySelectorAll("h5").forEach((each) => { each.ariaLevel = 3; });
    }
  };

  const ui = SwaggerUIBundle({
    spec,
    domNode: place,
    layout: "OperationsAlone",
    plugins: [operationsAlone],
    docExpansion: "list",
    tryItOutEnabled: true,
    syntaxHighlight: false,
    validatorUrl: null,
    displayRequestDuration: true,
    onComplete: () => {
      aim();
      open();
      new MutationObserver(mend).observe(place, { childList: true, subtree: true });
      mend();
    },
  });

  function aim() {
    const val = server.value.replace(/\/+$/, "");
    ui.oas3Actions.setSelectedServer(SERVER);
    ui.oas3Actions.setServerVariableValue({ server: SERVER, key: "server", val });
  }

  // The address names the operation that is open: try.html#listBindings.
  function open() {
    const id = decodeURIComponent(location.hash.slice(1));
    for (const item of Object.values(spec.paths)) {
      const found = Object.values(item).find((each) => each.operationId === id);
      if (found) ui.layoutActions.show(["operations", found.tags[0], id], true);
    }
    requestAnimationFrame(() => document.getElementById(`operations-${id}`)?.scrollIntoView());
  }

  const identify = () => {
    if (user.value) ui.preauthorizeBasic(scheme, user.value, password.value);
    else ui.authActions.logout([scheme]);
  };

  if (location.protocol.startsWith("http")) server.value = here();
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", open);
  server.addEventListener("input", aim);
  user.addEventListener("input", identify);
  password.addEventListener("input", identify);
})();
