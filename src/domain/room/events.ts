/** The events of a room. */
export type RoomEvent =
  | {
      readonly type: 'RoomConfigured';
      readonly data: { readonly private: boolean; readonly members: readonly string[] };
    }
  /** `message` is any JSON. */
  | { readonly type: 'RoomMessagePosted'; readonly data: { readonly message: unknown; readonly clientId: string } };
