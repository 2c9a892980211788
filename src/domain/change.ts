/** The value of a field before and after a change; `null` for an empty field. */
export interface Change<T> {
  readonly from: T;
  readonly to: T;
}
