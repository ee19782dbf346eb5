/** Tokens for machines: programs that have no cookie. A token is of one tenant, and is refused at every other. */
import { route, type ApiRoute } from '../api/route.ts'
import { clientAddress } from '../api/client-address.ts'
import { ApiProblem } from '../api/problems.ts'
import { refreshRequest, tokenPair, tokenRequest } from '../api/schemas/session.ts'
import type { Parts } from '../parts.ts'
import type { Passwords } from './passwords.ts'

export function tokenRoutes({
  tenancy,
  tokens,
  passwords,
}: Pick<Parts, 'tenancy' | 'tokens'> & { passwords: Passwords }): ApiRoute[] {
  const common = { method: 'post', side: 'tenant', rule: 'anyone' } as const
  return [
    route({
      ...common,
      path: '/api/tokens',
      summary: 'Tokens for an e-mail address and its password',
      body: tokenRequest,
      answer: tokenPair,
      status: 201,
      handle: async ({ body, req }) => {
        const userId = await passwords.check({ ...body, client: clientAddress(req) })
        if (!(await tenancy.members.has(tenancy.current(), userId)))
          throw new ApiProblem(403, 'NOT_A_MEMBER', 'This account is no member here any more.')
        return tokens.sign({ userId })
      },
    }),
    route({
      ...common,
      path: '/api/tokens/refresh',
      summary: 'The next tokens; a refresh token works once',
      body: refreshRequest,
      answer: tokenPair,
      handle: ({ body }) => tokens.refresh(body.refreshToken),
    }),
    route({
      ...common,
      path: '/api/tokens/revoke',
      summary: 'Ends all tokens of a sign-in',
      body: refreshRequest,
      handle: ({ body }) => tokens.revoke(body.refreshToken),
    }),
  ]
}
