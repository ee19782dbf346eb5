import { drizzle } from 'drizzle-orm/node-postgres'
import { tenantDrizzle } from 'partywall/drizzle'
import { projects } from './schema.ts'
import type { AppTenancy } from './tenancy.ts'

export type Project = typeof projects.$inferSelect

/** The projects of the current tenant: each statement goes to its schema, and is refused outside of every tenant. */
export function projectsOf(tenancy: AppTenancy) {
  const db = tenantDrizzle(tenancy, (client) => drizzle({ client }))
  return {
    async list(): Promise<Project[]> {
      return db.select().from(projects).orderBy(projects.id)
    },

    async add(title: string): Promise<Project> {
      const [project] = await db.insert(projects).values({ title }).returning()
      return project!
    },
  }
}

export type Projects = ReturnType<typeof projectsOf>
