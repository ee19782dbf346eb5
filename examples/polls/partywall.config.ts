import { byHeader, byHost, defineConfig } from 'partywall'
import { diskStore } from 'partywall/files'
import { z } from 'zod'

export default defineConfig({
  root: import.meta.dirname,
  database: process.env.DATABASE_URL, // absent: embedded PostgreSQL under .partywall/
  resolve: [byHost({ base: 'localhost' }), byHeader('x-request-id', { accept: ['id'], trusted: true })],
  tenant: { attributes: z.object({ plan: z.enum(['free', 'pro']).default('free') }) },
  files: { store: diskStore(`${import.meta.dirname}/uploads`) },
})
