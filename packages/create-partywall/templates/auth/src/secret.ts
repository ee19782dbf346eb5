import { randomBytes } from 'node:crypto'

const random = randomBytes(32).toString('base64url')

/** AUTH_SECRET. In development a random one takes its place, and users sign in again after each start. */
export function authSecret(): string {
  const secret = process.env.AUTH_SECRET
  if (secret) return secret
  //? if next
  const isBuild = process.env.NEXT_PHASE === 'phase-production-build'
  if (process.env.NODE_ENV !== 'production' || isBuild) return random
  //? else
  if (process.env.NODE_ENV !== 'production') return random
  //? end
  throw new Error('AUTH_SECRET is not set. Make one with:  openssl rand -base64 32')
}
