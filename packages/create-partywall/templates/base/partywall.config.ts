import { existsSync } from 'node:fs'
import { byHost, defineConfig } from 'partywall'
//? if better-auth
import { authOf } from './src/auth.ts'
//? end

// For the app and its tests. Variables that are set already stay.
if (existsSync('.env')) process.loadEnvFile()

export default defineConfig({
  //? if nest|next
  // The folder of package.json: start the app there.
  root: process.cwd(),
  //? else
  root: import.meta.dirname,
  //? end
  // Without DATABASE_URL an embedded PostgreSQL is started for development, with its data in .partywall/.
  database: process.env.DATABASE_URL,
  // acme.localhost is the tenant acme. In production, set BASE_DOMAIN to the domain whose subdomains are your tenants.
  resolve: [byHost({ base: process.env.BASE_DOMAIN ?? 'localhost' })],
  //? if better-auth
  // For the command line: npx partywall user list --tenant acme
  auth: { tenant: authOf },
  //? end
})
