import { Kysely, type Generated, type Selectable } from 'kysely'
import { tenantKyselyOptions } from 'partywall/kysely'
import type { AppTenancy } from './tenancy.ts'

/** As migrations/tenant makes them. */
interface Tables {
  projects: { id: Generated<number>; title: string }
}

export type Project = Selectable<Tables['projects']>

/** The projects of the current tenant: each statement goes to its schema, and is refused outside of every tenant. */
export function projectsOf(tenancy: AppTenancy) {
  const db = new Kysely<Tables>(tenantKyselyOptions(tenancy))
  return {
    list(): Promise<Project[]> {
      return db.selectFrom('projects').selectAll().orderBy('id').execute()
    },

    add(title: string): Promise<Project> {
      return db.insertInto('projects').values({ title }).returningAll().executeTakeFirstOrThrow()
    },
  }
}

export type Projects = ReturnType<typeof projectsOf>
