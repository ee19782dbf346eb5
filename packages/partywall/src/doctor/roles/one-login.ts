/** PW-123: work on structure has a login of its own. */
import type { Context, Examination } from '../context/examination.ts'

export const oneLogin: Examination = {
  id: 'PW-123',
  title: 'The application logs in as the role that owns the schemas',
  needs: 'roles',
  async run({ facts, isEmbedded }: Context) {
    if (facts.login !== facts.deploy) return []
    return [
      {
        severity: isEmbedded ? 'info' : 'warning',
        seen:
          `The application logs in as ${JSON.stringify(facts.login)}, which also creates and owns the schemas: the boundary holds for a statement that stays in its ` +
          'role. One that leaves it (a text of several statements, DO, or a function that calls set_config) owns the tables of all tenants.',
        fix: 'Create a login that owns nothing, give it to the application, and name the owner in the option "database.deploy".',
      },
    ]
  },
}
