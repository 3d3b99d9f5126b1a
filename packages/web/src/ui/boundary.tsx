import { Component, type ReactNode } from 'react';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';

/** Catches what a page throws while it is drawn, also when its file cannot be had: the server is away, or was updated. */
export class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <div className="p-6">
        <Notice tone="bad" action={<Button onClick={() => window.location.reload()}>Load again</Button>}>
          This page could not be shown. The server cannot be reached, or it was updated since you came.
        </Notice>
      </div>
    );
  }
}
