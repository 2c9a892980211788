/** All dialects of Deskwire. */
import { chat } from './chat.ts';
import type { Dialect } from './dialect.ts';
import { notifications } from './notifications.ts';
import { rooms } from './rooms.ts';
import { stream } from './stream.ts';
import { support } from './support.ts';

export const DIALECTS: readonly Dialect[] = [chat, rooms, stream, notifications, support];
