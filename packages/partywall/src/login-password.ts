/**
 * The password of a tenant's own login. It is derived, so it is stored nowhere: from a master key of the configuration, the name of the role, and a
 * number that grows with each rotation. It has 256 bits, and only characters that no server changes.
 */
import { createHmac } from 'node:crypto'

export function loginPassword(masterKey: string, role: string, generation: number): string {
  return createHmac('sha256', masterKey).update(`partywall login ${role} ${generation}`).digest('base64url')
}
