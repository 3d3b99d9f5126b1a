import { useQuery } from '@tanstack/react-query';
import type { ConsoleModel } from '@switchyard/protocol/console/models.ts';
import { modelsQuery } from '../../api/queries.ts';
import { useMay, useSignedIn } from '../../session/session.tsx';
import { usePageTitle } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Playground } from './playground.tsx';

export default function ChatPage() {
  const models = useQuery(modelsQuery);
  const { account } = useSignedIn();
  const may = useMay('developer');
  usePageTitle('Chat');
  return (
    <Loaded query={models} lines={8}>
      {({ models: all }) => {
        const talkers = all.filter(({ kind }) => kind === 'text');
        const [first] = talkers;
        if (first === undefined) return <Empty>This site has no model that writes.</Empty>;
        if (!may)
          return <Empty>Your role in this account may look, not spend. Ask its owner for another.</Empty>;
        return <Playground key={account.id} models={talkers satisfies ConsoleModel[]} />;
      }}
    </Loaded>
  );
}
