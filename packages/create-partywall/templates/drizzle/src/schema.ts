import { integer, pgTable, text } from 'drizzle-orm/pg-core'

/** As migrations/tenant makes it. */
export const projects = pgTable('projects', {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  title: text().notNull(),
})
