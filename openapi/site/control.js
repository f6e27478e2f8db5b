// The page of the control API: shows what the service holds and what clients request of it, and changes it.
"use strict";

(() => {
  const KEPT = "chat-bindings control token";
  const MOST_ROWS = 200;
  const PAUSE = 1000;
  const find = (id) => document.getElementById(id);
  let token = sessionStorage.getItem(KEPT) ?? "";
  let seen;
  let following;
  let pages = 1; // of Bindings, which are shown
  let turn = 0;

  const element = (name, className, ...content) => {
    const made = document.createElement(name);
    made.className = className;
    made.append(...content);
    return made;
  };

  const say = (text, bad = false) => {
    find("message").className = bad ? "bad" : "";
    find("message").textContent = text;
  };

  const connected = (text) => {
    document.querySelector(".live").textContent = text;
  };

  class Unauthorized extends Error {}

  const send = async (method, path, { body, signal } = {}) => {
    const headers = {};
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body) headers["Content-Type"] = "application/json";
    const options = { method, headers, signal, cache: "no-store", credentials: "omit" };
    const response = await fetch(`v1/${path}`, body ? { ...options, body: JSON.stringify(body) } : options);
    if (response.ok) return response;
    const { message } = await response.json();
    throw response.status === 401 ? new Unauthorized(message) : new Error(message);
  };

  const read = async (path) => (await send("GET", path)).json();

  // The rows that stay are the same elements as before, so that the focus stays where it is.
  const arrange = (list, rows) => {
    const before = new Map([...list.children].map((row) => [row.dataset.key, row]));
    const held = list.contains(document.activeElement);
    const after = rows.map(({ key, make }) => {
      const row = before.get(key) ?? make();
      row.dataset.key = key;
      return row;
    });
    for (const row of before.values()) if (!after.includes(row)) row.remove();
    after.forEach((row, index) => {
      if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    });
    if (held && !list.contains(document.activeElement)) list.closest("section").querySelector("h2").focus();
  };

  // Whatever fails is said; without the token the page has nothing to show.
  const trying = (action) => async (event) => {
    event?.preventDefault();
    try {
      await action(event);
    } catch (error) {
      if (error instanceof Unauthorized) lock(error.message);
      else say(error instanceof TypeError ? "The service cannot be reached." : error.message, true);
    }
  };

  const choose = (select, values) => {
    const chosen = select.value;
    const fixed = [...select.options].filter((option) => option.value === "");
    const made = values.map((value) => {
      const option = element("option", "", value);
      option.value = value;
      return option;
    });
    const same = select.options.length === fixed.length + made.length;
    if (same && made.every(({ value }, index) => select.options[fixed.length + index].value === value)) return;
    select.replaceChildren(...fixed, ...made);
    if (values.includes(chosen)) select.value = chosen;
  };

  const showSummary = async () => {
    const { counts, services } = await read("summary");
    for (const [name, count] of Object.entries(counts))
      document.querySelector(`[data-count="${name}"]`).textContent = count.toLocaleString("en");
    choose(find("service"), services.map((one) => `${one.account_sid}/${one.sid}`));
    for (const option of find("service").options) {
      const one = services.find(({ sid }) => option.value.endsWith(sid));
      option.textContent = `${one.sid} (${one.bindings.toLocaleString("en")})`;
    }
    choose(find("fault-account"), [...new Set(services.map((one) => one.account_sid))]);
  };

  const bindingRow = (binding) => {
    const remove = element("button", "", "Delete");
    remove.type = "button";
    remove.setAttribute("aria-label", `Delete ${binding.sid}`);
    remove.addEventListener("click", trying(async () => {
      await send("DELETE", `${serviceOf(binding)}/bindings/${binding.sid}`);
      say(`Deleted ${binding.sid}.`);
      await showWorld();
    }));
    return element("li", "", element("strong", "", binding.identity), element("span", "method", binding.binding_type),
      element("span", "wide", `${binding.sid} ${binding.endpoint}`), remove);
  };

  const serviceOf = ({ account_sid, service_sid }) => `accounts/${account_sid}/services/${service_sid}`;

  // A refresh shows as many pages as before; of several at once, the one that began last counts.
  const showBindings = async () => {
    turn += 1;
    const own = turn;
    const [account_sid, service_sid] = find("service").value.split("/");
    const bindings = [];
    let next = null;
    for (let page = 0; service_sid && page < pages && (page === 0 || next !== null); page += 1) {
      const query = new URLSearchParams();
      if (find("identity").value) query.append("Identity", find("identity").value);
      if (find("type").value) query.append("BindingType", find("type").value);
      if (next !== null) query.append("PageToken", next);
      const found = await read(`${serviceOf({ account_sid, service_sid })}/bindings?${query}`);
      bindings.push(...found.bindings);
      next = found.next;
    }
    if (own !== turn) return;
    arrange(find("bindings"), bindings.map((one) => ({ key: JSON.stringify(one), make: () => bindingRow(one) })));
    find("more").hidden = next === null;
  };

  const showPages = (count) => trying(() => {
    pages = count();
    return showBindings();
  });

  const showFaults = async () => {
    const { rules } = await read("faults");
    const rows = rules.map(({ rule }, index) => ({
      key: `${index} ${JSON.stringify(rule)}`,
      make: () => element("li", "", element("span", "wide", JSON.stringify(rule)), element("span", "quiet")),
    }));
    arrange(find("faults"), rows);
    rules.forEach(({ counted, taken }, index) => {
      find("faults").children[index].lastChild.textContent = `${counted} counted, ${taken} taken`;
    });
  };

  const showWorld = async () => {
    await showSummary();
    await showBindings();
  };

  const refresh = async () => {
    await showWorld();
    await showFaults();
  };

  // Many requests in a moment are one refresh.
  let refreshing = false;
  const refreshSoon = () => {
    if (refreshing) return;
    refreshing = true;
    setTimeout(() => {
      refreshing = false;
      trying(refresh)();
    }, PAUSE);
  };

  const requestRow = (one) => {
    const good = one.status !== null && one.status < 400;
    const row = element("li", "", element("time", "quiet", one.time.slice(11, 23)), element("span", "method", one.method),
      element("strong", good ? "good" : "bad", one.status === null ? "no answer" : String(one.status)),
      element("span", "wide", one.path + (one.query && `?${one.query}`)),
      element("span", "quiet", `${one.duration_ms} ms${one.account ? `, ${one.account}` : ""}`));
    if (one.fault) row.append(element("span", "bad", `fault: ${one.fault}`));
    if (one.body) row.append(element("pre", "", JSON.stringify(one.body)));
    return row;
  };

  const happens = (name, data) => {
    const list = find("requests");
    if (name === "clear") {
      list.replaceChildren();
    } else if (name === "request") {
      seen = data.number;
      list.prepend(requestRow(data));
      while (list.children.length > MOST_ROWS) list.lastChild.remove();
    } else {
      return;
    }
    refreshSoon();
  };

  const eventOf = (text) => {
    const lines = text.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]);
    const { event, data } = Object.fromEntries(lines);
    if (event) happens(event, JSON.parse(data));
  };

  // EventSource sends no token.
  const followOnce = async (signal) => {
    const { last } = await read(`requests?since=${Number.MAX_SAFE_INTEGER}`);
    if (seen === undefined || seen > last) {
      seen = Math.max(0, last - MOST_ROWS);
      find("requests").replaceChildren();
      refreshSoon();
    }
    const response = await send("GET", `requests/stream?since=${seen}`, { signal });
    connected("Live");
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ; ) {
      const { value, done } = await reader.read();
      if (done) return;
      const events = (text + value).split("\n\n");
      text = events.pop();
      events.forEach(eventOf);
    }
  };

  const follow = async () => {
    const own = new AbortController();
    following?.abort();
    following = own;
    while (!own.signal.aborted) {
      try {
        await followOnce(own.signal);
      } catch (error) {
        if (own.signal.aborted) return;
        if (error instanceof Unauthorized) return lock(error.message);
        say(error instanceof TypeError ? "The service cannot be reached." : error.message, true);
      }
      connected("Not connected");
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  };

  const lock = (why) => {
    following?.abort();
    connected("Not connected");
    find("state").hidden = true;
    find("token").hidden = false;
    if (token) say(why, true);
    find("token-text").focus();
  };

  const begin = trying(async () => {
    await refresh();
    find("token").hidden = true;
    find("state").hidden = false;
    say("");
    follow();
  });

  const acting = (id, action, text) => find(id).addEventListener("click", trying(async () => {
    await action();
    say(text);
    await refresh();
  }));

  find("token").addEventListener("submit", (event) => {
    event.preventDefault();
    token = find("token-text").value;
    sessionStorage.setItem(KEPT, token);
    find("token-text").value = "";
    begin();
  });
  find("filters").addEventListener("submit", showPages(() => 1));
  find("service").addEventListener("change", showPages(() => 1));
  find("more").addEventListener("click", showPages(() => pages + 1));
  find("fault").addEventListener("submit", trying(async () => {
    const rule = JSON.parse(find("fault-effect").value);
    const seconds = find("fault-seconds").value;
    if (seconds) rule.delay = Number(seconds);
    if (rule.delay === null) throw new Error("Give the delay in seconds.");
    for (const name of ["operation", "account"]) if (find(`fault-${name}`).value) rule[name] = find(`fault-${name}`).value;
    if (find("fault-first").value) rule.first = Number(find("fault-first").value);
    await send("POST", "faults", { body: { rules: [rule] } });
    say("Added the fault.");
    await showFaults();
  }));
  find("pause").addEventListener("change", () => {
    if (find("pause").checked) {
      following?.abort();
      connected("Paused");
    } else {
      follow();
    }
  });
  acting("reset", () => send("POST", "reset"), "The service is as it was at the start.");
  acting("clear-requests", () => send("DELETE", "requests"), "Cleared the requests.");
  acting("clear-faults", () => send("DELETE", "faults"), "Cleared the faults.");
  begin();
})();
