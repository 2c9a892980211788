/** Creates elements from data. User texts become text nodes, never markup. */

type Child = Node | string | undefined | false;

export interface Properties {
  readonly class?: string;
  readonly on?: Readonly<Record<string, (event: Event) => void>>;
  /** Attributes: `true` sets an empty one; `false` and undefined set none. */
  readonly [attribute: string]: unknown;
}

export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  const { on = {}, ...attributes } = properties;
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** Sets or removes an attribute. */
export function set(element: Element, name: string, value: unknown): void {
  if (value === undefined || value === false || value === null) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : String(value));
}

/** An icon; `path` is drawn in a box of 24 by 24. */
export function icon(path: string): SVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  set(svg, 'viewBox', '0 0 24 24');
  set(svg, 'aria-hidden', 'true');
  const drawn = document.createElementNS(space, 'path');
  set(drawn, 'd', path);
  svg.append(drawn);
  return svg;
}

/** Renders a list by key. Elements whose key stays are kept, and so are their focus and selection. */
export function keyed<Item>(parent: Element, key: (item: Item) => string, make: (item: Item) => HTMLElement) {
  let shown = new Map<string, HTMLElement>();
  return (items: readonly Item[]): void => {
    const next = new Map(items.map((item) => [key(item), shown.get(key(item)) ?? make(item)]));
    for (const [known, element] of shown) if (!next.has(known)) element.remove();
    let before: Element | null = parent.firstElementChild;
    for (const element of next.values()) {
      if (element === before) before = before.nextElementSibling;
      else parent.insertBefore(element, before);
    }
    shown = next;
  };
}
