// The search. Its data and its library are loaded when they are asked for, by script elements: a page that was opened
// from disk may fetch nothing.
"use strict";

(() => {
  const MOST = 12;
  const form = document.querySelector("form.search");
  const input = form.querySelector("input");
  const panel = form.querySelector(".results");
  const list = panel.querySelector("ol");
  const status = panel.querySelector("[role=status]");
  let found;

  const loaded = (address) =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => reject(new Error(`${address} cannot be loaded.`)));
      document.head.append(script);
    });

  const engine = async () => {
    await Promise.all([loaded(document.body.dataset.minisearch), loaded(document.body.dataset.entries)]);
    const search = new MiniSearch({
      fields: ["title", "text", "kind"],
      storeFields: ["url", "kind", "title", "text"],
      // as names are written and as people write them: page_size, PageSize, page size; AUTH-05, auth 5
      tokenize: (text) =>
        text.split(/[^\p{L}\p{N}]+/u).flatMap((word) => [word, ...word.split(/(?<=[a-z])(?=[A-Z])/)]),
      searchOptions: { boost: { title: 4, kind: 2 }, prefix: true, fuzzy: 0.15, combineWith: "AND" },
    });
    search.addAll(window.chatBindings.entries.map(([url, kind, title, text], id) => ({ id, url, kind, title, text })));
    return search;
  };

  const ready = () => (found ??= engine());

  const shown = ({ url, kind, title, text }) => {
    const link = document.createElement("a");
    link.href = url;
    const parts = [["kind", kind], ["title", title], ["text", text]];
    link.append(...parts.flatMap(([name, words]) => {
      const span = document.createElement("span");
      span.className = name;
      span.textContent = words;
      return [span, " "];
    }));
    const item = document.createElement("li");
    item.append(link);
    return item;
  };

  const show = async () => {
    const asked = input.value.trim();
    const search = await ready();
    if (asked !== input.value.trim()) return;
    const all = search.search(asked);
    list.replaceChildren(...all.slice(0, MOST).map(shown));
    const more = all.length > MOST ? `, the best ${MOST} shown` : "";
    status.textContent = asked && (all.length ? `${all.length} found${more}` : "Nothing found");
    panel.hidden = !asked;
  };

  const move = (step) => {
    const stops = [input, ...list.querySelectorAll("a")];
    const next = stops[stops.indexOf(document.activeElement) + step];
    next?.focus();
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.click();
  });
  input.addEventListener("focus", ready);
  input.addEventListener("input", show);
  form.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      panel.hidden = true;
      input.focus();
    } else if (step && !panel.hidden) {
      event.preventDefault();
      move(step);
    }
  });
  form.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !form.contains(event.relatedTarget)) panel.hidden = true;
  });
  list.addEventListener("click", () => {
    panel.hidden = true;
  });
  document.addEventListener("click", (event) => {
    if (!form.contains(event.target)) panel.hidden = true;
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
    }
  });
})();
