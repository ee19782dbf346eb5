/** What cloning needs of the other rooms: all that a creation needs, the settings of the source, and a place to tell how far it is. */
import type { Events } from '../../events.ts'
import type { Attributes } from '../../types.ts'
import type { TenantSettings } from '../../settings/tenant-settings.ts'
import type { ProvisionParts } from '../provision.ts'

export interface CloneParts<A extends object = Attributes> extends ProvisionParts<A> {
  readonly events: Pick<Events<A>, 'emit'>
  readonly settings: Pick<TenantSettings<A>, 'cipher' | 'secrets'>
}
