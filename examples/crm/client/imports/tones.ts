import type { Tone } from '@partywall/ui'
import type { CustomerImport } from '../../src/api/schemas/imports.ts'

export const importTones: Readonly<Record<CustomerImport['state'], Tone>> = {
  waiting: 'neutral',
  running: 'info',
  done: 'good',
  failed: 'bad',
}
