/** The migrate step of a deployment: brings the database at DATABASE_URL to this version's schema, and ends. */
import { readConfig } from '../src/config.ts';
import { migrate } from '../src/eventlog/migrate.ts';

const { DATABASE_URL } = readConfig(process.env);
if (DATABASE_URL === undefined) throw new Error('DATABASE_URL or DATABASE_URL_FILE must be set');
const names = await migrate(DATABASE_URL);
process.stdout.write(names.length > 0 ? `migrated: ${names.join(', ')}\n` : 'nothing to migrate\n');
