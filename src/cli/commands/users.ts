/** `deskwire users …` and `deskwire token`: an operator's changes to users, recorded in the log like all others. */
import { randomBytes, randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { Argument, type Command, Option } from 'commander';
import type { Pool } from 'pg';
import { createCredentials } from '../../auth/credentials.ts';
import { ACCESS_TOKEN_SECONDS, loadSigningKey } from '../../auth/keys.ts';
import { requireGoodPassword } from '../../auth/password-rules.ts';
import { createSessions } from '../../auth/sessions.ts';
import { signAccessToken } from '../../auth/tokens.ts';
import { DeskwireError } from '../../domain/errors.ts';
import { userFactsOf } from '../../domain/user/decider.ts';
import { ROLES, type Role } from '../../domain/user/identity.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import type { Action } from '../run.ts';
import type { Surroundings } from '../surroundings.ts';
import { actorsOf, requireOwnUsers } from './operator.ts';

interface NewUser {
  readonly name: string;
  readonly role: Role;
  readonly id?: string;
  readonly vendor?: string;
  readonly passwordStdin?: boolean;
}

export function userCommands(program: Command, action: Action): void {
  const users = program.command('users').description('users and their roles');
  const user = () => new Argument('<user>', 'id or email');
  users
    .command('add')
    .description('register a user who signs in with a password')
    .argument('<email>')
    .requiredOption('--name <name>', 'shown to others')
    .addOption(new Option('--role <role>', 'their role').choices(ROLES).makeOptionMandatory())
    .option('--id <id>', 'their id; a new one when left out')
    .option('--vendor <id>', 'the vendor they belong to')
    .option('--password-stdin', 'read the password from standard input; without it, one is made and printed')
    .action(action((on, email: string, options: NewUser) => add(on, email, options)));
  users
    .command('role')
    .description('change the role of a user')
    .addArgument(user())
    .addArgument(new Argument('<role>').choices(ROLES))
    .action(action((on, who: string, role: Role) => change(on, who, { role })));
  users
    .command('deactivate')
    .description('deactivate a user: their sockets are closed and their tokens stop working at once')
    .addArgument(user())
    .action(action((on, who: string) => change(on, who, { active: false })));
  users
    .command('activate')
    .description('activate a deactivated user')
    .addArgument(user())
    .action(action((on, who: string) => change(on, who, { active: true })));
  users
    .command('lock-demo')
    .description('take the published password from the users of the demo data')
    .action(action((on) => lockDemo(on)));
  program
    .command('token')
    .description('print an access token for a user, valid for an hour')
    .addArgument(user())
    .action(action((on, who: string) => token(on, who)));
}

async function add(on: Surroundings, email: string, options: NewUser): Promise<void> {
  requireOwnUsers(on);
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new CommandError(EXIT.usage, `${email} is no email address.`);
  const credentials = await createCredentials(await on.pool());
  if ((await credentials.userOf(email)) !== undefined) throw new CommandError(EXIT.nothingToDo, `${email} is taken.`);
  const made = options.passwordStdin ? undefined : randomBytes(12).toString('base64url');
  const password = made ?? (await text(process.stdin)).replace(/\r?\n$/, '');
  requireAcceptable(password, email);
  const { name, role, vendor, id = randomUUID() } = options;
  await using own = await actorsOf(on);
  const { state } = await own.actors.read('user', id);
  if (state.exists) throw new CommandError(EXIT.nothingToDo, `there is a user ${id} already.`);
  const command = {
    type: 'RegisterUser',
    name,
    role,
    email,
    ...(vendor !== undefined && { vendorId: vendor }),
  } as const;
  await own.actors.execute('user', id, command, own.context());
  await credentials.add({ userId: id, email, password });
  on.output.result(
    { id, email, name, role, ...(made !== undefined && { password: made }) },
    `User ${id}: ${email}, ${role}.${made === undefined ? '' : `\nPassword, shown this once: ${made}`}`,
  );
}

function requireAcceptable(password: string, email: string | undefined): void {
  try {
    requireGoodPassword(password, 'the password', email);
  } catch (error) {
    throw error instanceof DeskwireError ? new CommandError(EXIT.usage, `${error.message}.`) : error;
  }
}

/** The id of a user who is named by id or email. */
async function idOf(on: Surroundings, who: string): Promise<string> {
  if (!who.includes('@')) return who;
  return (await (await createCredentials(await on.pool())).userOf(who)) ?? who;
}

async function change(on: Surroundings, who: string, changes: { role: Role } | { active: boolean }): Promise<void> {
  const id = await idOf(on, who);
  await using own = await actorsOf(on);
  const { state } = await own.actors.read('user', id);
  if (!state.exists) throw new CommandError(EXIT.nothingToDo, `there is no user ${who}.`);
  const { events, state: after } = await own.actors.execute(
    'user',
    id,
    { type: 'ChangeUser', ...changes },
    own.context(),
  );
  const standing = `User ${id}: ${after.name}, ${after.role}, ${after.active ? 'active' : 'deactivated'}`;
  // The event ends the sessions; this also takes them from the list of sessions.
  if (!after.active) await sessionsOf(await on.pool()).revokeAll(id);
  if (events.length === 0) throw new CommandError(EXIT.nothingToDo, `nothing to change. ${standing}.`);
  on.output.result(userFactsOf(after), `${standing}.`);
}

async function lockDemo(on: Surroundings): Promise<void> {
  const { DEMO_PASSWORD, DEMO_USERS } = await import('../../runtime/demo.ts');
  const pool = await on.pool();
  const credentials = await createCredentials(pool);
  const locked: string[] = [];
  await using own = await actorsOf(on);
  for (const { id } of DEMO_USERS) {
    const email = await credentials.emailOf(id);
    if (email === undefined || (await credentials.check(email, DEMO_PASSWORD)) !== id) continue;
    await credentials.set({ userId: id, email, password: randomBytes(32).toString('base64url') });
    await sessionsOf(pool).revokeAll(id);
    await own.recordActivity(id, { activity: 'password_locked' });
    locked.push(email);
  }
  if (locked.length === 0) throw new CommandError(EXIT.nothingToDo, 'the published password works for nobody.');
  on.output.result({ locked }, `Locked: ${locked.join(', ')}.`);
}

function sessionsOf(pool: Pool) {
  return createSessions(pool, { now: () => Date.now(), newId: randomUUID });
}

async function token(on: Surroundings, who: string): Promise<void> {
  requireOwnUsers(on);
  const id = await idOf(on, who);
  const pool = await on.pool();
  await using own = await actorsOf(on);
  const { state } = await own.actors.read('user', id);
  const user = userFactsOf(state);
  if (user === undefined) throw new CommandError(EXIT.nothingToDo, `there is no user ${who}.`);
  if (!user.active) throw new CommandError(EXIT.nothingToDo, `user ${id} is deactivated.`);
  const session = await sessionsOf(pool).start(id, { device: 'deskwire token' });
  const accessToken = await signAccessToken(await loadSigningKey(pool), {
    user,
    sessionId: session.sessionId,
    startedAt: session.startedAt,
    jti: randomUUID(),
    now: Date.now(),
  });
  await own.recordActivity(id, { activity: 'token_issued', sessionId: session.sessionId });
  on.output.result(
    {
      access_token: accessToken,
      refresh_token: session.refreshToken,
      token_type: 'Bearer',
      expires_in: ACCESS_TOKEN_SECONDS,
    },
    accessToken,
  );
}
