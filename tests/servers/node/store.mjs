/** The Bindings of a world document, in memory. */

/** The order of a list: when Bindings were created, and by SID among those of one second. */
export function compareKeys([firstDate, firstSid], [secondDate, secondSid]) {
  if (firstDate !== secondDate) return firstDate < secondDate ? -1 : 1;
  if (firstSid !== secondSid) return firstSid < secondSid ? -1 : 1;
  return 0;
}

/** The key that a Binding is ordered by. */
export const keyOf = (binding) => [binding.date_created, binding.sid];

export class Store {
  constructor(world) {
    this.services = new Map();
    for (const account of world.accounts) {
      for (const service of account.services) {
        const bindings = service.bindings.toSorted((first, second) => compareKeys(keyOf(first), keyOf(second)));
        this.services.set(service.sid, { sid: service.sid, accountSid: account.sid, bindings });
      }
    }
  }

  /** A service of an account; undefined where the account has none with this SID. */
  async service(accountSid, serviceSid) {
    const service = this.services.get(serviceSid);
    return service?.accountSid === accountSid ? service : undefined;
  }

  /** A Binding of a service; undefined where there is none with this SID. */
  async fetch(service, sid) {
    return service.bindings.find((binding) => binding.sid === sid);
  }

  /**
   * A page of a service's Bindings that match a filter, `{types, identities}`, where empty lists match everything.
   * `position` is `{direction: "after" | "before", key}`, or undefined for the first page.
   */
  async page(service, filter, position, size) {
    const matching = this.matching(service, filter);
    const start = this.start(matching, position, size);
    const bindings = matching.slice(start, start + size);
    return {
      start,
      bindings,
      hasPrevious: bindings.length > 0 && start > 0,
      hasNext: start + size < matching.length,
    };
  }

  /** Delete a Binding: whether it was there. */
  async delete(service, sid) {
    const index = service.bindings.findIndex((binding) => binding.sid === sid);
    if (index === -1) return false;
    service.bindings.splice(index, 1);
    return true;
  }

  /** The Bindings of a service that match a filter, in the order of the list. */
  matching(service, filter) {
    return service.bindings.filter((binding) => this.matches(binding, filter));
  }

  matches(binding, { types, identities }) {
    return (
      (types.length === 0 || types.includes(binding.binding_type)) &&
      (identities.length === 0 || this.isOneOf(binding.identity, identities))
    );
  }

  isOneOf(identity, wanted) {
    return wanted.includes(identity);
  }

  /** Where a page begins among the Bindings that match. */
  start(matching, position, size) {
    if (position === undefined) return 0;
    const limit = position.direction === "after" ? 0 : -1;
    const found = matching.findIndex((binding) => compareKeys(keyOf(binding), position.key) > limit);
    const index = found === -1 ? matching.length : found;
    // Where less than a page is left before the position, the first page is filled up from behind it.
    return position.direction === "after" ? index : Math.max(index - size, 0);
  }
}
