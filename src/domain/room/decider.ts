/** What a room does when asked. A room exists from its first use: an unconfigured one is open to everyone. */

export type RoomCommand =
  | { readonly type: 'ConfigureRoom'; readonly private: boolean; readonly members: readonly string[] }
  | { readonly type: 'PostRoomMessage'; readonly message: unknown; readonly clientId: string };

export interface RoomState {
  readonly private: boolean;
  readonly members: readonly string[];
}
