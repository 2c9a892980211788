/** What a field was and what it became; `null` where it was or became empty. */
export interface Change<T> {
  readonly from: T;
  readonly to: T;
}
