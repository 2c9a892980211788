/** The limits of clients' fields: of texts in characters, of lists in items. */
export const LIMITS = {
  message: 10_000,
  description: 5_000,
  title: 200,
  name: 200,
  email: 320,
  password: 1_024,
  /** The fewest characters of a new password. */
  shortestPassword: 12,
  tag: 64,
  tags: 20,
  search: 200,
  roomMembers: 1_000,
  id: 128,
  attachments: 10,
  userIds: 1_000,
  notificationIds: 1_000,
  pageSize: 100,
  historySize: 200,
  /** The size of an attachment in bytes. */
  fileBytes: 10 * 1024 * 1024,
  /** The size of relayed JSON in bytes. */
  relayedBytes: 64 * 1024,
  /** The size of all copies that one request sends, in bytes of JSON: one copy for each recipient. */
  fanOutBytes: 16 * 1024 * 1024,
} as const;
