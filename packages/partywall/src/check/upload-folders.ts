/**
 * PW-015: a middleware that stores or serves uploads in one folder for all tenants: two tenants overwrite each other's logo.png, and each can ask for the files of
 * every other one. Seen are the options of packages that the application makes while it is imported.
 */
import type { Observation } from '../findings.ts'
import type { SeenFolder } from './app/app-facts.ts'
import { defineCheck } from './check.ts'

export const uploadFolders = defineCheck({
  id: 'PW-015',
  title: 'Uploads of all tenants are in one folder',
  needs: ['app'],
  run: ({ app: { folders } }) => uploadFoldersOf(folders),
})

export function uploadFoldersOf(folders: readonly SeenFolder[]): Observation[] {
  return folders.flatMap(({ package: name, folder, does }): Observation[] => {
    if (does === 'stores') {
      return [
        {
          severity: 'warning',
          seen: `${name} stores uploads in ${JSON.stringify(folder)}, whatever the tenant`,
          fix: 'Keep the upload in memory or take it as a stream, and store it by tenantFiles of partywall/files. See docs/files.md.',
        },
      ]
    }
    if (!uploads.test(folder)) return []
    return [
      {
        severity: 'warning',
        seen: `${name} serves ${JSON.stringify(folder)} to every tenant: by its name that is a folder of uploads`,
        fix: 'Serve uploads by signed addresses or a route of your own with tenantFiles of partywall/files. Where the folder is the same for all tenants on purpose, there is nothing to do.',
      },
    ]
  })
}

const uploads = /(?:^|[/\\_.-])(?:uploads?|uploaded|media|user-?files|attachments?|avatars?|storage)(?:$|[/\\_.-])/i
