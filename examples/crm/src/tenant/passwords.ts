/** Checks a password as the sign-in does, with its limits of attempts: calls of the API of Better Auth have none of their own. */
import { attempts } from '../api/attempts.ts'
import { ApiProblem } from '../api/problems.ts'
import type { CrmTenancy } from '../tenancy.ts'
import type { Users } from './users.ts'

export interface Passwords {
  /**
   * The id of the user. The session that the sign-in makes is ended again: what its caller gives out is something else.
   * @throws ApiProblem 401 for an unknown address and for a wrong password alike; 429
   */
  check(given: { email: string; password: string; client: string }): Promise<string>
}

export function createPasswords(tenancy: Pick<CrmTenancy, 'pool' | 'current'>, users: Users): Passwords {
  const tries = attempts({ most: 10, windowMs: 60_000 })
  return {
    async check({ email, password, client }) {
      tries.count(`${tenancy.current().id} ${client} ${email.toLowerCase()}`)
      const signedIn = await users.call((api) => api.signInEmail({ body: { email, password } })).catch(refuse)
      await tenancy.pool.query('delete from session where token = $1', [signedIn.token])
      return signedIn.user.id
    },
  }
}

function refuse(error: unknown): never {
  const { statusCode } = error as { statusCode?: number }
  if (statusCode === undefined || statusCode >= 500) throw error
  throw new ApiProblem(401, 'CREDENTIALS_REFUSED', 'The address or the password is wrong.')
}
