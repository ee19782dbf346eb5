import type { AppTenancy } from './tenancy.ts'

export interface Project {
  id: number
  title: string
}

/** The projects of the current tenant: each statement goes to its schema, and is refused outside of every tenant. */
export function projectsOf({ pool }: AppTenancy) {
  return {
    async list(): Promise<Project[]> {
      const { rows } = await pool.query<Project>('select id, title from projects order by id')
      return rows
    },

    async add(title: string): Promise<Project> {
      const { rows } = await pool.query<Project>('insert into projects (title) values ($1) returning id, title', [title])
      return rows[0]!
    },
  }
}

export type Projects = ReturnType<typeof projectsOf>
