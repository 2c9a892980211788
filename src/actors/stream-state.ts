/**
 * The state of one stream in memory: what its events fold to, and up to which version. It is activated on first use,
 * moves on with `hold` and `advance`, and is dropped when it may differ from the log.
 */
import type { Stream } from '../domain/event.ts';
import type { Activated, Activation, Folded, Logic } from './activation.ts';

interface StreamStateDeps {
  readonly stream: Stream;
  readonly logic: Logic;
  readonly activation: Activation;
  /** Called after each activation, also after one that failed. */
  readonly onActivated: () => void;
}

export class StreamState {
  readonly #deps: StreamStateDeps;
  #current: Activated | undefined;
  #activating: Promise<Activated> | undefined;
  /** Counts the times that history was replaced. */
  #history = 0;

  constructor(deps: StreamStateDeps) {
    this.#deps = deps;
  }

  /** Undefined before activation, and after `drop` or `forget`. */
  get current(): Activated | undefined {
    return this.#current;
  }

  get activating(): boolean {
    return this.#activating !== undefined;
  }

  /** The current state; loaded when there is none. Concurrent calls share one load. */
  activate(): Promise<Activated> {
    if (this.#current !== undefined) return Promise.resolve(this.#current);
    this.#activating ??= this.#load();
    return this.#activating;
  }

  /** Folds what the log has after `base`. The result is not held yet. */
  async advance(base: Activated): Promise<Activated> {
    const { stream, logic, activation } = this.#deps;
    const folded = await activation.advance(stream, logic, base);
    return { ...folded, snapshotVersion: base.snapshotVersion };
  }

  /** Makes `next` the current state, unless the state that it was folded from has been dropped. */
  hold(next: Folded, base: Activated): void {
    if (this.#current !== base) return;
    this.#current = { state: next.state, version: next.version, snapshotVersion: base.snapshotVersion };
  }

  /** Notes that a snapshot of the current version was taken. */
  markSnapshot(): void {
    if (this.#current !== undefined) this.#current = { ...this.#current, snapshotVersion: this.#current.version };
  }

  /** The next use reads the state from the log again. */
  drop(): void {
    this.#current = undefined;
  }

  /** Drops the state, and repeats an activation that is under way: history was replaced. */
  forget(): void {
    this.#history++;
    this.drop();
  }

  async #load(): Promise<Activated> {
    const { stream, logic, activation, onActivated } = this.#deps;
    try {
      for (;;) {
        const history = this.#history;
        const loaded = await activation.load(stream, logic);
        if (history !== this.#history) continue;
        this.#current = loaded;
        return loaded;
      }
    } finally {
      this.#activating = undefined;
      onActivated();
    }
  }
}
