/**
 * partywall/jwt: tokens that a tenant's users sign in with. Each tenant has keys of its own, so that a token is worth nothing at another tenant, also where the
 * users have the same id there.
 */
import '../../node-version.ts'
export { createTokens, type TokenOptions, type TokenPair, type Tokens, type TokenSubject, type VerifiedToken } from './tokens.ts'
export type { TokenRequest } from './token-request.ts'
export type { TokenTenancy } from './token-tenancy.ts'
