/** The form of a room's name. Source: docs/protocol.md section 6. */
export const ROOM_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
