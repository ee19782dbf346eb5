import { bySession, defineConfig } from 'partywall'
import { accounts } from './src/accounts.ts'

export default defineConfig({
  root: import.meta.dirname,
  database: process.env.DATABASE_URL, // absent: embedded PostgreSQL under .partywall/
  resolve: [bySession('workspaceId')],
  members: { roles: { admin: { can: ['members.invite'] } } },
  auth: { central: accounts },
})
