/** Prints the names of the migrations in a folder of Kysely, or the message of the error, in a Node.js without Vitest. */
import { kyselyMigrations } from 'partywall/kysely'

const names = kyselyMigrations(process.argv[2]!)
  .list()
  .then((migrations) => migrations.map(({ name }) => name).join())
process.stdout.write(await names.catch((error: Error) => error.message))
