"""Referring semantic decomposition: an expression in two complementary subspaces (Eq. 4)."""

from __future__ import annotations

from torch import Tensor, nn

from engine.systems.rsrefseg2.attention import MLP, Attention
from engine.systems.rsrefseg2.config import PrompterSizes


class DecompositionLayer(nn.Module):
    """One layer: each subspace looks at itself, at the words, then at the other subspace.

    Every attention and MLP has a residual and is followed by its norm. The second subspace looks
    at the already updated first one.
    """

    def __init__(self, sizes: PrompterSizes) -> None:
        super().__init__()

        def attention() -> Attention:
            return Attention(sizes.dim, sizes.dim, sizes.inner_dim, sizes.heads)

        def mlp() -> MLP:
            return MLP(sizes.dim, sizes.mlp_dim)

        def norm() -> nn.LayerNorm:
            return nn.LayerNorm(sizes.dim)

        self.self_attn_query_query1 = attention()
        self.norm_query1_1 = norm()
        self.self_attn_query_query2 = attention()
        self.norm_query2_1 = norm()
        self.cross_attn_query_text_query1_text = attention()
        self.norm_query1_2 = norm()
        self.mlp_query1_2 = mlp()
        self.norm_query1_3 = norm()
        self.cross_attn_query_text_query2_text = attention()
        self.norm_query2_2 = norm()
        self.mlp_query2_2 = mlp()
        self.norm_query2_3 = norm()
        self.cross_attn_query_query_query1_query2 = attention()
        self.norm_query1_4 = norm()
        self.mlp_query1_3 = mlp()
        self.norm_query1_5 = norm()
        self.cross_attn_query_query_query2_query1 = attention()
        self.norm_query2_4 = norm()
        self.mlp_query2_3 = mlp()
        self.norm_query2_5 = norm()

    def forward(
        self,
        t1: Tensor,
        t2: Tensor,
        words: Tensor,
        pe1: Tensor,
        pe2: Tensor,
        valid: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Updates both subspaces.

        Args:
            t1: First subspace `(B, Q, D)`.
            t2: Second subspace `(B, Q, D)`.
            words: Word features `(B, L, D)`.
            pe1: Position of the first subspace's queries, added to queries and keys only.
            pe2: Position of the second subspace's queries.
            valid: `(B, L)` bool, False on padding.
        """
        t1 = self.norm_query1_1(t1 + self.self_attn_query_query1(t1 + pe1, t1 + pe1, t1))
        t2 = self.norm_query2_1(t2 + self.self_attn_query_query2(t2 + pe2, t2 + pe2, t2))

        t1 = self.norm_query1_2(
            t1 + self.cross_attn_query_text_query1_text(t1 + pe1, words, words, valid)
        )
        t1 = self.norm_query1_3(t1 + self.mlp_query1_2(t1))
        t2 = self.norm_query2_2(
            t2 + self.cross_attn_query_text_query2_text(t2 + pe2, words, words, valid)
        )
        t2 = self.norm_query2_3(t2 + self.mlp_query2_2(t2))

        t1 = self.norm_query1_4(
            t1 + self.cross_attn_query_query_query1_query2(t1 + pe1, t2 + pe2, t2)
        )
        t1 = self.norm_query1_5(t1 + self.mlp_query1_3(t1))
        t2 = self.norm_query2_4(
            t2 + self.cross_attn_query_query_query2_query1(t2 + pe2, t1 + pe1, t1)
        )
        t2 = self.norm_query2_5(t2 + self.mlp_query2_3(t2))
        return t1, t2
