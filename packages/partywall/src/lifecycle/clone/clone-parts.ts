/** What cloning needs of the other rooms: all that a creation needs, and a place to tell how far it is. */
import type { Events } from '../../events.ts'
import type { Attributes } from '../../types.ts'
import type { ProvisionParts } from '../provision.ts'

export interface CloneParts<A extends object = Attributes> extends ProvisionParts<A> {
  readonly events: Pick<Events<A>, 'emit'>
}
