/** Everything that can happen in a room. */
export type RoomEvent =
  | {
      readonly type: 'RoomConfigured';
      readonly data: { readonly private: boolean; readonly members: readonly string[] };
    }
  /** `message` is whatever JSON the sender relayed. */
  | { readonly type: 'RoomMessagePosted'; readonly data: { readonly message: unknown; readonly clientId: string } };
