/** `partywall user set-password`: another password for an account, whose sessions end. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { emailArgument, emailQuestion, renderAccount, tenantOption, withAccounts, type TenantFlag } from './accounts.ts'
import { choosePassword, passwordOption, shownOnce, type PasswordFlag } from './password.ts'

export function userSetPassword(parent: Command, cli: Cli): void {
  parent
    .command('set-password')
    .description('give an account another password, and end its sessions')
    .argument(...emailArgument)
    .option(...tenantOption)
    .option(...passwordOption)
    .addHelpText(
      'after',
      examples(['user set-password --tenant acme ada@acme.example', 'prompts, or makes a password and shows it']),
    )
    .action(async (given: string | undefined, flags: TenantFlag & PasswordFlag) => {
      const tenancy = await cli.tenancy()
      const email = given ?? (await cli.ask.required(emailQuestion))
      const { schema, result } = await withAccounts(tenancy, flags, async (accounts) => {
        const { password, isMade } = await choosePassword(cli, flags)
        return { account: await accounts.setPassword(email, password), shown: isMade ? password : undefined }
      })
      const { account, shown } = result
      cli.out.result({ ...account, schema, password: shown }, () => renderAccount(account, schema, shown))
      if (shown !== undefined) cli.out.say(shownOnce)
    })
}
