/** PW-001: the config cannot be used at all. Every other check of options would say nothing. */
import { defineCheck } from './check.ts'

export const refusedConfig = defineCheck({
  id: 'PW-001',
  title: 'The config is refused',
  needs: [],
  run: ({ refusal }) =>
    refusal === undefined
      ? []
      : [
          {
            severity: 'error',
            seen: refusal,
            fix: 'Correct the option that the message names; docs/configuration.md lists all of them.',
          },
        ],
})
